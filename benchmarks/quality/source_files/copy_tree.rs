use std::fs;
use std::io;
use std::path::Path;

// 递归复制目录，返回复制的文件个数
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<u64> {
    fs::create_dir_all(to)?;
    let mut count = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            count += copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?; // 已存在的文件会被覆盖
            count += 1;
        }
    }
    Ok(count)
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() != 3 {
        eprintln!("用法: {} 源目录 目标目录", arguments[0]);
        std::process::exit(2);
    }
    let count = copy_tree(Path::new(&arguments[1]), Path::new(&arguments[2]))?;
    println!("复制了 {count} 个文件");
    Ok(())
}
