-- What the buyer reads every morning.
CREATE VIEW low_stock AS
SELECT s.warehouse, p.sku, p.name, s.on_hand, s.reorder_at
  FROM stock_levels s
  JOIN products p ON p.id = s.product_id
 WHERE s.on_hand <= s.reorder_at AND p.state = 'active';
