-- Sales of each region by month, with the change to the month before
WITH monthly AS (
    SELECT
        region,
        date_trunc('month', sold_at) AS month,
        SUM(quantity * price) AS revenue,
        COUNT(DISTINCT customer_id) AS customers
    FROM sales
    JOIN products USING (product_id)
    WHERE sold_at >= DATE '2023-01-01'
      AND NOT cancelled
    GROUP BY region, month
)
SELECT
    region,
    month,
    revenue,
    revenue - LAG(revenue) OVER (PARTITION BY region ORDER BY month) AS change,
    customers
FROM monthly
WHERE revenue > 0
ORDER BY region, month DESC
LIMIT 500;
