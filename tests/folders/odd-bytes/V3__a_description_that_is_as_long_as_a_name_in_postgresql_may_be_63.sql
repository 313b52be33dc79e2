CREATE TABLE readings_of_devices_readings_of_devices_readings_of_devices_rea (id int);
COMMENT ON TABLE readings_of_devices_readings_of_devices_readings_of_devices_rea IS 'it''s "odd"; -- no comment';
CREATE INDEX readings_by_device_and_day_readings_by_device_and_day_readings_by_devi ON readings (device, read_on);