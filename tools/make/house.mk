# What the check looks at beside tests: the house's rules, and how the code is set.

.PHONY: tidy format
tidy: $(foreach r,$(ROOMS),$(call room_archive,$(r))) ## the house's rules (tools/layers.txt)
	@tools/tidy.py --build '$(BUILD)'

format: ## clang-format over every C file
	@clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')
