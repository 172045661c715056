"""Published sentences held against the posterior."""
