"""What rescue needs to know: the brief, who may be inside and beside, and who was found."""
