/// What the program says of itself, on rank 0.
#ifndef HELP_H
#define HELP_H

#include "option_table.h"

/// Reads the first words. Returns true if all is said: help, the version, or what is wrong with the command.
bool help_answers(int count, char **words, command_id *command, int *exit_code);

/// Lines below an error: an option and its help; how the command is used, and where there is more.
void help_option_line(const option_row *option);
void help_usage_lines(command_id command);

#endif
