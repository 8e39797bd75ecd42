"""Stand-ins for the hosts of models, as strict as the real ones."""
