// 按下按钮时切换灯的状态
const int LED_PIN = 13;
const int BUTTON_PIN = 2;
const unsigned long DEBOUNCE_MS = 50;

bool ledOn = false;
int lastReading = HIGH;
unsigned long lastChange = 0;

void setup() {
  pinMode(LED_PIN, OUTPUT);
  pinMode(BUTTON_PIN, INPUT_PULLUP);
  Serial.begin(9600);
}

void loop() {
  int reading = digitalRead(BUTTON_PIN);
  // 消除抖动
  if (reading != lastReading && millis() - lastChange > DEBOUNCE_MS) {
    lastChange = millis();
    lastReading = reading;
    if (reading == LOW) {
      ledOn = !ledOn;
      digitalWrite(LED_PIN, ledOn ? HIGH : LOW);
      Serial.println(ledOn ? "on" : "off");
    }
  }
}
