CREATE OR REPLACE VIEW order_summary AS
SELECT c.email, count(*) AS orders, sum(o.total_cents) AS total_cents
FROM orders o JOIN customers c ON c.id = o.customer_id
GROUP BY c.email;
