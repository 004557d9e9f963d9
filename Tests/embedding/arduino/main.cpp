// The Arduino IDE puts this line before a sketch, and calls it like this.
#include <Arduino.h>

#include "first.ino"

int main() { setup(); }
