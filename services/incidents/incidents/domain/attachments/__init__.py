"""Photos and files of reports and incidents: what they are by their content, and what of them is kept."""
