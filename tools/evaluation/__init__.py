"""How detection does on real fires and on SYNTHETIC nuisances, profile by profile."""
