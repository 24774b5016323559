#include "devices/profile.hpp"

namespace wattline::devices {

const char* name_of(PowerKind kind) {
  switch (kind) {
    case PowerKind::module_rails:
      return "module rails";
    case PowerKind::board_meter:
      return "board meter";
    case PowerKind::wall:
      return "wall";
    case PowerKind::unstated:
      break;
  }
  return "";
}

}  // namespace wattline::devices
