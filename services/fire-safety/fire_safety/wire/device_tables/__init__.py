"""Tables of devices, CSV and XLSX: read for import, and the report and the template that are written."""
