"""What people read on paper: the rescue brief as PDF. The fonts' licence is in `fonts/OFL.txt`."""
