"""What the commands do, a module for those that share their imports."""
