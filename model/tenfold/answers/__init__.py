"""From posterior draws to what people ask: jumps, cost, dates and what drives them."""
