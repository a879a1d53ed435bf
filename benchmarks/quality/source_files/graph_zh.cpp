#include <iostream>
#include <limits>
#include <queue>
#include <vector>

using namespace std;

// 边：终点和长度
struct Edge {
    int to;
    long long length;
};

const long long INF = numeric_limits<long long>::max();

// 迪杰斯特拉算法，返回起点到每个点的最短距离
vector<long long> shortest(const vector<vector<Edge>> &graph, int start) {
    vector<long long> distance(graph.size(), INF);
    priority_queue<pair<long long, int>, vector<pair<long long, int>>, greater<>> queue;
    distance[start] = 0;
    queue.push({0, start});
    while (!queue.empty()) {
        auto [d, u] = queue.top();
        queue.pop();
        if (d > distance[u]) continue;  // 已经过期
        for (const Edge &e : graph[u]) {
            if (d + e.length < distance[e.to]) {
                distance[e.to] = d + e.length;
                queue.push({distance[e.to], e.to});
            }
        }
    }
    return distance;
}

int main() {
    int n, m;
    cin >> n >> m;  // 点数和边数
    vector<vector<Edge>> graph(n);
    for (int i = 0; i < m; i++) {
        int a, b, w;
        cin >> a >> b >> w;
        graph[a].push_back({b, w});
    }
    for (long long d : shortest(graph, 0)) cout << (d == INF ? -1 : d) << ' ';
}
