"""Who lives where: registrations, guests, absences, households, needs of help, and how many are inside."""
