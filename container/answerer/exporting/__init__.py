"""Make a model directory of a checkpoint. It needs torch and transformers, which answering does not.

It is beside the code that answers because the image's build exports its model with it; the
image itself does not contain it.
"""
