ALTER TABLE `networks` ENGINE=InnoDB;
