% 最小二乘拟合一条直线
function [slope, intercept] = fit_line(x, y)
    n = numel(x);
    assert(n == numel(y), '长度不一致');

    % 去掉无效的点
    valid = ~isnan(x) & ~isnan(y);
    x = x(valid);
    y = y(valid);

    mx = mean(x);
    my = mean(y);
    slope = sum((x - mx) .* (y - my)) / sum((x - mx) .^ 2);
    intercept = my - slope * mx;

    % 画图
    figure;
    plot(x, y, 'k.', 'MarkerSize', 12);
    hold on;
    plot(x, slope * x + intercept, 'r-');
    xlabel('时间 (s)');
    ylabel('位移 (m)');
    grid on;
end
