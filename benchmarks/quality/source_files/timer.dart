import 'dart:async';

class Countdown {
  Countdown(this.total, {this.onTick, this.onDone});

  final Duration total;
  final void Function(Duration left)? onTick;
  final void Function()? onDone;

  Timer? _timer;
  Duration _left = Duration.zero;

  bool get isRunning => _timer?.isActive ?? false;

  void start() {
    _left = total;
    _timer?.cancel();
    _timer = Timer.periodic(const Duration(seconds: 1), (timer) {
      _left -= const Duration(seconds: 1);
      onTick?.call(_left);
      if (_left <= Duration.zero) {
        timer.cancel();
        onDone?.call();
      }
    });
  }

  void stop() => _timer?.cancel();
}
