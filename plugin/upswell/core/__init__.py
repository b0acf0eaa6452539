"""What a movement is: from what Stripe said of a customer to each change of its MRR. No clock, file or network."""
