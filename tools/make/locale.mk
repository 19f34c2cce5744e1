# Chinese for people: po/zh.po is compiled beside the programs, where they look for it, and goes to
# PREFIX/share/locale on installation.

CATALOGUES := $(patsubst po/%.po,$(BUILD)/locale/%/LC_MESSAGES/dcep.mo,$(wildcard po/*.po))

.PHONY: locale po
locale: $(CATALOGUES)

$(BUILD)/locale/%/LC_MESSAGES/dcep.mo: po/%.po | $(DEPS)
	@mkdir -p $(@D)
	@msgfmt --check-format --check-domain -o $@ $<

po: ## collect the strings of the sources into po/zh.po
	@tools/po.sh
