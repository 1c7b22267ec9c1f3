// LeewayService
