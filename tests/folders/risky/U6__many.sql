DELETE FROM inventory WHERE name LIKE 'item %';
