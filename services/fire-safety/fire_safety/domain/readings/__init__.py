"""What devices observe: believed within limits, as columns, stored up to a bound, in hourly figures and charts."""
