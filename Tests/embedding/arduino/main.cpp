// The Arduino IDE adds this include before a sketch, and calls setup.
#include <Arduino.h>

#include "first.ino"

int main() { setup(); }
