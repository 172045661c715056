"""Series that the fit has not seen: predicted from some of their points, and scored."""
