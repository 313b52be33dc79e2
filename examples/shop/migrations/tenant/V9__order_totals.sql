ALTER TABLE orders ADD COLUMN total_cents bigint NOT NULL DEFAULT 0;

CREATE FUNCTION refresh_order_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Both ids, because a line may have moved from one order to another.
    UPDATE orders o
       SET total_cents = (SELECT coalesce(sum(l.line_total_cents), 0) FROM order_lines l WHERE l.order_id = o.id)
     WHERE o.id IN (OLD.order_id, NEW.order_id);
    RETURN NULL;
END
$$;

CREATE TRIGGER order_lines_total AFTER INSERT OR UPDATE OR DELETE ON order_lines
    FOR EACH ROW EXECUTE FUNCTION refresh_order_total();

UPDATE orders o
   SET total_cents = t.cents
  FROM (SELECT order_id, sum(line_total_cents) AS cents FROM order_lines GROUP BY order_id) t
 WHERE t.order_id = o.id;

COMMENT ON COLUMN orders.total_cents IS 'Sum of the lines before discount; kept by the trigger order_lines_total.';
