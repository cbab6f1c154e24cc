"""`task=knn`: a classifier that is told who is who, beside clustering, which is not."""
