# 画出各省人口的条形图
library(ggplot2)
library(dplyr)

population <- read.csv("population.csv", fileEncoding = "UTF-8")

# 只保留人口最多的十个省
top <- population %>%
  group_by(province) %>%
  summarise(total = sum(count)) %>%
  arrange(desc(total)) %>%
  head(10)

# 单位换算成百万
top$total <- top$total / 1e6

p <- ggplot(top, aes(x = reorder(province, total), y = total)) +
  geom_col(fill = "steelblue") +
  coord_flip() +
  labs(x = NULL, y = "人口（百万）", title = "人口最多的十个省") +
  theme_minimal(base_family = "Noto Sans CJK SC")

ggsave("population.png", p, width = 8, height = 5, dpi = 150)
