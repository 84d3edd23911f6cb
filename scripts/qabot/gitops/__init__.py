"""From a run to a commit: asked questions, the job summary, committing back."""
