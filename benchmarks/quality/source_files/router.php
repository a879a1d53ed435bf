<?php

declare(strict_types=1);

namespace App;

final class Router
{
    /** @var array<string, callable> */
    private array $routes = [];

    public function get(string $path, callable $handler): self
    {
        $this->routes['GET ' . $path] = $handler;
        return $this;
    }

    public function dispatch(string $method, string $uri): string
    {
        $path = parse_url($uri, PHP_URL_PATH) ?: '/';
        $key = $method . ' ' . rtrim($path, '/');
        if (!isset($this->routes[$key])) {
            http_response_code(404);
            return 'not found';
        }
        return ($this->routes[$key])($_GET);
    }
}

$router = (new Router())->get('/hello', fn (array $query) => 'Hello ' . htmlspecialchars($query['name'] ?? 'you'));
echo $router->dispatch($_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI']);
