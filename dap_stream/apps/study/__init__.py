"""A deep prior studied on one excerpt: fits, images on the way, scores and plots."""
