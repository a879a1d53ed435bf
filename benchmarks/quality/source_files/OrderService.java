package com.example.shop;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

// 订单服务：创建订单并计算总价
public class OrderService {

    private final List<Order> orders = new ArrayList<>();

    // 新建一个订单，数量必须大于零
    public Order create(String product, int count, BigDecimal price) {
        if (count <= 0) {
            throw new IllegalArgumentException("数量必须大于零");
        }
        Order order = new Order(orders.size() + 1L, product, count, price);
        orders.add(order);
        return order;
    }

    // 所有订单的合计金额
    public BigDecimal total() {
        return orders.stream()
                .map(o -> o.price().multiply(BigDecimal.valueOf(o.count())))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    public record Order(long id, String product, int count, BigDecimal price) {
    }
}
