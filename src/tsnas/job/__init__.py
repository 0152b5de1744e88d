"""One job: settings and inputs that were checked, its phases, their checkpoints and their minutes."""
