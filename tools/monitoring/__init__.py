"""What administrators watch: alert rules and dashboards, checked and generated."""
