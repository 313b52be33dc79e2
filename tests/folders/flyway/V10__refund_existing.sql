-- migrator: timeout=5min
INSERT INTO customers (email) VALUES ('returns@example.org');
INSERT INTO orders (customer_id, state, total_cents) SELECT id, 'refunded', 0 FROM customers;
