package com.example.blog.controller;

import com.example.blog.model.Post;
import com.example.blog.service.PostService;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.*;

import java.util.List;

/**
 * 文章接口。
 */
@RestController
@RequestMapping("/api/posts")
public class BlogController {

    private final PostService posts;

    public BlogController(PostService posts) {
        this.posts = posts;
    }

    /** 分页查询文章列表 */
    @GetMapping
    public List<Post> list(@RequestParam(defaultValue = "0") int page) {
        return posts.page(page, 20);
    }

    /** 按编号查询，不存在时返回 404 */
    @GetMapping("/{id}")
    public ResponseEntity<Post> get(@PathVariable long id) {
        return posts.find(id).map(ResponseEntity::ok).orElse(ResponseEntity.notFound().build());
    }
}
