CREATE OR REPLACE VIEW order_summary AS
SELECT o.id,
       o.public_id,
       o.status,
       c.email,
       o.placed_at,
       o.total_cents - o.discount_cents AS due_cents,
       coalesce(p.paid_cents, 0)::bigint AS paid_cents,
       (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id) AS lines,
       EXISTS (SELECT FROM shipments s WHERE s.order_id = o.id AND s.shipped_at IS NOT NULL) AS shipped
  FROM orders o
  JOIN customers c ON c.id = o.customer_id
  LEFT JOIN (SELECT order_id, sum(amount_cents) AS paid_cents
               FROM payments WHERE state = 'captured' GROUP BY order_id) p ON p.order_id = o.id
 WHERE o.status <> 'cart';
