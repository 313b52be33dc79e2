-- written on Windows
CREATE TABLE readings (
    device int NOT NULL,
    read_on date NOT NULL,
    value double precision
) PARTITION BY RANGE (read_on);
