-- 订单表
CREATE TABLE `orders` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT '主键',
  `user_id` bigint unsigned NOT NULL COMMENT '用户编号',
  `amount` decimal(10, 2) NOT NULL DEFAULT '0.00' COMMENT '订单金额',
  `status` tinyint NOT NULL DEFAULT '0' COMMENT '状态：0 待付款，1 已付款，2 已取消',
  `created_at` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  PRIMARY KEY (`id`),
  KEY `idx_user` (`user_id`, `created_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='订单';

-- 统计最近三十天每天的订单数和金额
SELECT
  DATE(created_at) AS day,
  COUNT(*) AS orders,
  SUM(amount) AS total
FROM orders
WHERE status = 1
  AND created_at >= DATE_SUB(CURDATE(), INTERVAL 30 DAY)
GROUP BY day
ORDER BY day;

-- 取消超过一天没有付款的订单
UPDATE orders SET status = 2 WHERE status = 0 AND created_at < DATE_SUB(NOW(), INTERVAL 1 DAY);
