<?php
// 留言板：显示列表，接收新的留言
$file = __DIR__ . '/messages.json';
$messages = is_file($file) ? json_decode(file_get_contents($file), true) : [];

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $text = trim($_POST['text'] ?? '');
    if ($text !== '' && mb_strlen($text) <= 200) {
        // 新留言放在最前面
        array_unshift($messages, ['text' => $text, 'time' => date('Y-m-d H:i')]);
        file_put_contents($file, json_encode($messages, JSON_UNESCAPED_UNICODE), LOCK_EX);
    }
    header('Location: guestbook.php');
    exit;
}
?>
<form method="post" action="guestbook.php">
    <textarea name="text" maxlength="200"></textarea>
    <button type="submit">提交</button>
</form>
<ul>
<?php foreach ($messages as $message): ?>
    <li><time><?= $message['time'] ?></time> <?= htmlspecialchars($message['text']) ?></li>
<?php endforeach; ?>
</ul>
