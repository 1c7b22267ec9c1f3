// LeewayDelivery
