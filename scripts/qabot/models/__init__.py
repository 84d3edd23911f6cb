"""Make, measure and train model directories: what needs torch, and answering doesn't."""
