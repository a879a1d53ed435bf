const std = @import("std");

pub const Arena = struct {
    buffer: []u8,
    used: usize = 0,

    pub fn init(buffer: []u8) Arena {
        return .{ .buffer = buffer };
    }

    pub fn alloc(self: *Arena, size: usize) ![]u8 {
        const end = self.used + size;
        if (end > self.buffer.len) return error.OutOfMemory;
        defer self.used = end;
        return self.buffer[self.used..end];
    }

    pub fn reset(self: *Arena) void {
        self.used = 0;
    }
};

test "arena gives memory until it is full" {
    var bytes: [16]u8 = undefined;
    var arena = Arena.init(&bytes);
    _ = try arena.alloc(10);
    try std.testing.expectError(error.OutOfMemory, arena.alloc(7));
}
