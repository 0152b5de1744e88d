"""How to choose: hardware losses, the differentiable search, feasibility, and the exact derivation."""
